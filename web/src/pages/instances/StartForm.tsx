import { Button, Group, Paper, Stack, Title } from "@mantine/core";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { OfferedPlanFragment } from "../../api/customer/graphql";
import { useViewer } from "../../app/session";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { NameAndAddress } from "./NameAndAddress";
import { Organisation } from "./Organisation";
import { PlanCards } from "./PlanCards";
import { RegionCards, type RegionShown } from "./RegionCards";
import { nearestRegion } from "./regionGuess";
import { Summary } from "./Summary";
import { useAddressCheck } from "./useAddressCheck";
import { useFocusOnProblem } from "./useFocusOnProblem";
import { useNameAndSlug } from "./useNameAndSlug";
import { useStart } from "./useStart";

interface Props {
  plans: readonly OfferedPlanFragment[] | undefined;
  regions: readonly RegionShown[] | undefined;
}

export function StartForm({ plans, regions }: Props) {
  const { t } = useTranslation("instances");
  const viewer = useViewer();
  const [search] = useSearchParams();
  const [first] = useState(viewer.memberships.length === 0);
  const tenant = useNameAndSlug(first ? t("start.tenantDefault", { name: viewer.name }) : "");
  const instance = useNameAndSlug();
  const [chosenPlan, setPlan] = useState<string | null>(null);
  const [chosenRegion, setRegion] = useState<string | null>(null);
  const [missing, setMissing] = useState<string | null>(null);
  const [missingSlug, setMissingSlug] = useState<string | null>(null);
  const nameRef = useRef<HTMLInputElement>(null);
  const slugRef = useRef<HTMLInputElement>(null);
  const start = useStart();

  const wish = chosenPlan ?? search.get("plan");
  const plan = plans?.find((p) => p.code === wish) ?? plans?.[0];
  const region = regions?.find((r) => r.code === chosenRegion) ?? nearestRegion(regions ?? []);
  const address = useAddressCheck({
    tenantId: start.made?.id ?? null,
    region: region?.code ?? null,
    slug: instance.slug,
  });
  const tenantSlug = tenant.derived ? tenant.slug || "workspace" : tenant.slug;
  const problem = start.instanceAction.problem;
  useFocusOnProblem(start.tenantAction.problem, problem);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (start.busy || !plan || !region) return;
    if (instance.name.trim() === "") {
      setMissing(t("form.nameMissing"));
      nameRef.current?.focus();
      return;
    }
    const refused = !address.checking && address.answer?.available === false;
    if (instance.slug === "" || refused) {
      if (instance.slug === "") setMissingSlug(t("form.slugMissing"));
      slugRef.current?.focus();
      return;
    }
    await start.run({
      tenant: { name: tenant.name, slug: tenantSlug, derived: tenant.derived },
      instance: { name: instance.name, slug: instance.slug, region: region.code },
      plan: plan.code,
    });
  };
  const edited = () => {
    setMissing(null);
    setMissingSlug(null);
    start.instanceAction.reset();
  };

  return (
    <form onSubmit={submit} noValidate>
      <Stack maw={860} gap="lg">
        <Section title={t("start.name")}>
          <NameAndAddress
            name={instance.name}
            slug={instance.slug}
            onName={(name) => {
              edited();
              instance.setName(name);
            }}
            onSlug={(slug) => {
              edited();
              instance.setSlug(slug);
            }}
            onSlugLeft={instance.leaveSlug}
            address={address}
            nameError={missing ?? fieldError(problem, "name")}
            slugError={missingSlug ?? fieldError(problem, "slug")}
            nameRef={nameRef}
            slugRef={slugRef}
          />
          <Organisation
            name={start.made?.name ?? tenant.name}
            slug={tenant.slug}
            onName={tenant.setName}
            onSlug={tenant.setSlug}
            onSlugLeft={tenant.leaveSlug}
            problem={start.tenantAction.problem}
            made={start.made !== null}
            open={!first}
          />
        </Section>
        <Section title={t("start.plan")}>
          <PlanCards
            plans={start.made && plan ? [plan] : plans}
            value={plan?.code ?? null}
            onChange={setPlan}
            error={fieldError(start.tenantAction.problem, "plan")}
          />
        </Section>
        <Section title={t("start.region")}>
          <RegionCards
            regions={regions}
            value={region?.code ?? null}
            onChange={(code) => {
              edited();
              setRegion(code);
            }}
            error={fieldError(problem, "region")}
          />
        </Section>
        <ActionAlert {...start.tenantAction} fields={["name", "slug", "plan"]} />
        <ActionAlert {...start.instanceAction} fields={["name", "slug", "region"]} />
        <Paper className="surface" p="md">
          <Group justify="space-between" gap="md">
            <Summary name={instance.name} plan={plan} region={region} />
            <Button type="submit" size="md" loading={start.busy} disabled={!plan || !region}>
              {start.made && !start.busy ? t("start.retry") : t("start.create")}
            </Button>
          </Group>
        </Paper>
      </Stack>
    </form>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack component="section" gap="sm">
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </Stack>
  );
}
