/** The pages for whoever is not logged in, but the front page, which is in the first bundle. */
import { catalogue } from "../../app/i18n";
import messages from "../../messages/en/public.json";
import signOn from "../../messages/en/sign-on.json";

catalogue("public", messages);
catalogue("signOn", signOn);

export { ForgotPassword } from "./ForgotPassword";
export { Invitation } from "./Invitation";
export { LogIn } from "./LogIn";
export { NotFound } from "./NotFound";
export { OpenRefused } from "./OpenRefused";
export { OperatorSetup } from "./OperatorSetup";
export { ResetPassword } from "./ResetPassword";
export { SecondStepPage } from "./SecondStepPage";
export { SignUp } from "./SignUp";
export { SsoLink } from "./SsoLink";
export { VerifyEmail } from "./VerifyEmail";
