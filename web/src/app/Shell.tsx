import { AppShell, Burger, Group, NavLink } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Icon } from "@tabler/icons-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link, Outlet, useLocation, useMatch } from "react-router";
import { Logo } from "../ui/Logo";
import { SchemeToggle } from "./SchemeToggle";
import { UserMenu } from "./UserMenu";

export interface NavItem {
  to: string;
  label: string;
  icon: Icon;
  /** Only its own path is it, not the pages below. */
  end?: boolean;
}

/** The frame of the portal and of the console: navigation at the side, in a drawer on narrow screens. */
export function Shell({ items, top, label }: { items: NavItem[]; top?: ReactNode; label: string }) {
  const { t } = useTranslation();
  const [opened, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of page closes the drawer
  useEffect(close, [pathname]);
  return (
    <AppShell
      header={{ height: 60 }}
      navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "md", sm: "lg" }}
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={opened ? t("nav.close") : t("nav.open")}
              aria-expanded={opened}
            />
            <Link to="/home" className="plain-link" aria-label={t("brand.home")}>
              <Logo />
            </Link>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SchemeToggle />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label={label}>
        {top}
        {items.map((item) => (
          <Entry key={item.to} item={item} />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="main">
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function Entry({ item }: { item: NavItem }) {
  const active = useMatch({ path: item.to, end: item.end ?? false }) !== null;
  const Icon = item.icon;
  return (
    <NavLink
      component={Link}
      to={item.to}
      label={item.label}
      active={active}
      aria-current={active ? "page" : undefined}
      leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
      className="nav-entry"
    />
  );
}
