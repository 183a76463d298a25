import { Avatar, Menu, Text, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconLogout, IconSettings, IconShieldCog } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { LogOutDocument } from "../api/customer/graphql";
import { useAction } from "../api/useAction";
import { logOutElsewhere } from "./logOutElsewhere";
import { useSession, useViewer } from "./session";

export function UserMenu() {
  const { t } = useTranslation();
  const viewer = useViewer();
  const { refresh } = useSession();
  const navigate = useNavigate();
  const logOut = useAction(LogOutDocument);
  const end = async () => {
    const elsewhere = await logOutElsewhere();
    if (elsewhere) {
      window.location.assign(elsewhere);
      return;
    }
    const done = await logOut.run({});
    if (!done.ok) return;
    // The front page's code comes first: a refresh in between would lead to the log-in instead.
    await navigate("/", { replace: true });
    refresh();
  };
  return (
    <Menu position="bottom-end" width={240} withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <UnstyledButton className="avatar-button">
          <Avatar name={viewer.name} color="brand" size={34} />
          <VisuallyHidden>{t("nav.userMenu", { name: viewer.name })}</VisuallyHidden>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Text size="sm" fw={600} px="sm" pt="xs" truncate>
          {viewer.name}
        </Text>
        <Text size="xs" c="dimmed" px="sm" pb="xs" truncate>
          {viewer.email}
        </Text>
        <Menu.Divider />
        <Menu.Item component={Link} to="/account" leftSection={<IconSettings size={16} aria-hidden />}>
          {t("nav.account")}
        </Menu.Item>
        {viewer.isOperator ? (
          <Menu.Item component={Link} to="/admin" leftSection={<IconShieldCog size={16} aria-hidden />}>
            {t("nav.console")}
          </Menu.Item>
        ) : null}
        <Menu.Item onClick={end} leftSection={<IconLogout size={16} aria-hidden />}>
          {t("nav.logOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
