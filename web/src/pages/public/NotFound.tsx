import { Box, Button, Container, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../../app/session";
import { Logo } from "../../ui/Logo";
import { EntryPage } from "./EntryPage";

/** An address that is nothing here. It stands outside the frames, so it brings a head of its own. */
export function NotFound() {
  const { t } = useTranslation("public");
  const { viewer } = useSession();
  return (
    <>
      <Box component="header" className="topbar">
        <Container size="lg" h="100%">
          <Group h="100%">
            <Link to="/" className="plain-link" aria-label={t("common:brand.home")}>
              <Logo />
            </Link>
          </Group>
        </Container>
      </Box>
      <Box component="main" id="main">
        <EntryPage title={t("notFound.title")} lead={t("notFound.text")}>
          <Group>
            <Button component={Link} to={viewer ? "/home" : "/"}>
              {viewer ? t("notFound.portal") : t("notFound.start")}
            </Button>
          </Group>
        </EntryPage>
      </Box>
    </>
  );
}
