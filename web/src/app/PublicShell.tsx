import { Box, Button, Container, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, Outlet } from "react-router";
import { Logo } from "../ui/Logo";
import { SchemeToggle } from "./SchemeToggle";
import { useSession } from "./session";

/** The frame of pages that need no log-in. */
export function PublicShell() {
  const { t } = useTranslation();
  const { viewer } = useSession();
  return (
    <>
      <Box component="header" className="topbar">
        <Container size="lg" h="100%">
          <Group justify="space-between" h="100%" wrap="nowrap">
            <Link to="/" className="plain-link" aria-label={t("brand.home")}>
              <Logo />
            </Link>
            <Group gap="xs" wrap="nowrap">
              <SchemeToggle />
              {viewer ? (
                <Button component={Link} to="/home" variant="default">
                  {t("nav.portal")}
                </Button>
              ) : (
                <>
                  <Button component={Link} to="/log-in" variant="default">
                    {t("nav.logIn")}
                  </Button>
                  <Button component={Link} to="/sign-up" visibleFrom="xs">
                    {t("nav.signUp")}
                  </Button>
                </>
              )}
            </Group>
          </Group>
        </Container>
      </Box>
      <Box component="main" id="main">
        <Outlet />
      </Box>
    </>
  );
}
