import { Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { PageHeader } from "../../ui/PageHeader";
import { Appearance } from "./Appearance";
import { Organisations } from "./Organisations";
import { Password } from "./Password";
import { Profile } from "./Profile";

export function Account() {
  const { t } = useTranslation("account");
  return (
    <Stack maw={760} gap="lg">
      <PageHeader title={t("title")} description={t("lead")} />
      <Profile />
      <Password />
      <Organisations />
      <Appearance />
    </Stack>
  );
}
