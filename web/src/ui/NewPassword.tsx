import { PasswordInput, type PasswordInputProps, Progress, Stack, Text, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { catalogue } from "../app/i18n";
import messages from "../messages/en/password.json";

catalogue("password", messages);

export const SHORTEST = 12;
const LONGEST = 128;

/** Why a password is refused before it is sent, as a key of the catalogue. The server judges the rest. */
export function passwordFault(password: string): "required" | "tooShort" | "tooLong" | null {
  const length = [...password].length;
  if (length === 0) return "required";
  if (length < SHORTEST) return "tooShort";
  return length > LONGEST ? "tooLong" : null;
}

interface Judged {
  key: "short" | "tooLong" | "address" | "repeats" | "enough" | "good" | "long";
  /** Of the bar, in hundredths. */
  filled: number;
  color: string;
}

function judge(password: string, email: string): Judged {
  const length = [...password].length;
  const local = (email.split("@")[0] ?? "").trim().toLowerCase();
  const filled = Math.min(100, (length / 20) * 100);
  if (length < SHORTEST) return { key: "short", filled, color: "red.8" };
  if (length > LONGEST) return { key: "tooLong", filled, color: "red.8" };
  if (local.length >= 3 && password.toLowerCase().includes(local))
    return { key: "address", filled, color: "red.8" };
  if (new Set(password).size < 6) return { key: "repeats", filled: 40, color: "orange.8" };
  if (length < 16) return { key: "enough", filled, color: "brand.6" };
  return { key: length < 20 ? "good" : "long", filled, color: "brand.6" };
}

/** A field that can be looked at, for a password that exists. */
export function PasswordField(props: PasswordInputProps) {
  const { t } = useTranslation("password");
  return (
    <PasswordInput
      autoComplete="current-password"
      // The library marks the field's frame only.
      aria-invalid={props.error ? true : undefined}
      visibilityToggleFocusable
      visibilityToggleButtonProps={{ "aria-label": t("show") }}
      {...props}
    />
  );
}

interface Props extends PasswordInputProps {
  password: string;
  /** The account's address, where it is known: a password must not hold it. */
  email?: string;
}

/** A field for a new password. Its bar measures length, which is what it says. */
export function NewPassword({ password, email = "", ...field }: Props) {
  const { t } = useTranslation("password");
  const { key, filled, color } = judge(password, email);
  const missing = SHORTEST - [...password].length;
  const typed = password !== "";
  return (
    <Stack gap={6}>
      <PasswordField autoComplete="new-password" description={t("rule")} {...field} />
      <Progress.Root size={6} aria-hidden>
        <Progress.Section value={filled} color={color} withAria={false} />
      </Progress.Root>
      <Text size="xs" c="dimmed" aria-hidden>
        {typed ? `${key === "short" ? t("missing", { count: missing }) : t(key)} ` : ""}
        {t("honest")}
      </Text>
      <VisuallyHidden role="status">{typed ? t(key) : ""}</VisuallyHidden>
    </Stack>
  );
}
