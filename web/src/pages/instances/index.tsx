import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/instances.json";

catalogue("instances", messages);

export { InstanceList } from "./InstanceList";
export { InstancePage } from "./InstancePage";
export { NewInstance } from "./NewInstance";
export { Start } from "./Start";
