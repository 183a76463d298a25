import { Button, Container, Group, Text } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useQuery } from "urql";
import { faultOf } from "../../api/client";
import { OfferDocument } from "../../api/customer/graphql";
import { catalogue } from "../../app/i18n";
import { useSession } from "../../app/session";
import landing from "../../messages/en/landing.json";
import { Deed } from "./Deed";
import "./landing.css";
import { Plans } from "./Plans";
import { Regions } from "./Regions";

catalogue("landing", landing);

/** The front page. Its text needs no answer of the API; plans and regions fill places that are kept for them. */
export function Landing() {
  const { t } = useTranslation("landing");
  const { viewer } = useSession();
  const [{ data, error }, ask] = useQuery({ query: OfferDocument });
  const title = t("title");
  useEffect(() => {
    document.title = `Tenantry · ${title}`;
  }, [title]);
  const offer = {
    fault: error && !data ? faultOf(error) : null,
    retry: () => ask({ requestPolicy: "network-only" }),
  };
  return (
    <>
      <div className="landing-hero">
        <Container size="lg" className="landing-hero-grid">
          <div>
            <p className="landing-eyebrow">{t("hero.eyebrow")}</p>
            <h1 tabIndex={-1}>{t("hero.title")}</h1>
            <p className="landing-lead">{t("hero.lead")}</p>
            <Group gap="sm">
              {viewer ? (
                <Button component={Link} to="/home" size="md">
                  {t("hero.portal")}
                </Button>
              ) : (
                <Button component={Link} to="/sign-up" size="md">
                  {t("hero.start")}
                </Button>
              )}
              <Button component="a" href="#how" size="md" variant="subtle">
                {t("hero.how")}
              </Button>
            </Group>
            <Text size="sm" c="dimmed" mt="md">
              {t("hero.note")}
            </Text>
          </div>
          <Deed />
        </Container>
      </div>
      <Ruled id="how" numbered of="how" items="steps" />
      <Plans plans={data?.plans} {...offer} />
      <Regions regions={data?.regions} {...offer} />
      <Ruled id="security" of="security" items="points" lead note />
      <Questions />
      <Footer />
    </>
  );
}

interface RuledProps {
  id: string;
  /** The section and its list in the catalogue. */
  of: "how" | "security";
  items: string;
  numbered?: boolean;
  lead?: boolean;
  note?: boolean;
}

function Ruled({ id, of, items, numbered, lead, note }: RuledProps) {
  const { t } = useTranslation("landing");
  const points = t(`${of}.${items}`, { returnObjects: true }) as { title: string; text: string }[];
  const List = numbered ? "ol" : "ul";
  return (
    <section id={id} className="landing-section" aria-labelledby={`${id}-title`}>
      <Container size="lg">
        <h2 id={`${id}-title`}>{t(`${of}.title`)}</h2>
        {lead ? <p className="landing-intro">{t(`${of}.lead`)}</p> : null}
        <List className="landing-grid landing-three landing-ruled">
          {points.map((point, index) => (
            <li key={point.title}>
              {numbered ? (
                <span className="landing-number" aria-hidden>
                  {index + 1}
                </span>
              ) : null}
              <h3>{point.title}</h3>
              <p>{point.text}</p>
            </li>
          ))}
        </List>
        {note ? (
          <Text size="sm" c="dimmed" mt="xl" maw="48em">
            {t(`${of}.note`)}
          </Text>
        ) : null}
      </Container>
    </section>
  );
}

function Questions() {
  const { t } = useTranslation("landing");
  const items = t("questions.items", { returnObjects: true }) as { q: string; a: string }[];
  return (
    <section className="landing-section" aria-labelledby="questions-title">
      <Container size="lg">
        <h2 id="questions-title">{t("questions.title")}</h2>
        <div className="landing-grid landing-two">
          {items.map((item) => (
            <div key={item.q}>
              <h3>{item.q}</h3>
              <p>{item.a}</p>
            </div>
          ))}
        </div>
      </Container>
    </section>
  );
}

function Footer() {
  const { t } = useTranslation("landing");
  return (
    <section className="landing-footer" aria-label={t("footer.label")}>
      <Container size="lg">
        <Text size="sm" c="dimmed" maw="56em">
          {t("footer.n8n")}
        </Text>
        <Text size="sm" c="dimmed" mt="sm">
          {t("footer.licence")}
        </Text>
        <Button component="a" href="#main" variant="subtle" size="compact-sm" mt="md" ml={-8}>
          {t("footer.top")}
        </Button>
      </Container>
    </section>
  );
}
