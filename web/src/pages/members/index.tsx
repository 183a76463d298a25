import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/members.json";

catalogue("members", messages);

export { MembersPage } from "./MembersPage";
