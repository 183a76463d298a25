import { Alert, Button, Group, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { CreateInstanceDocument, type OfferedPlanFragment } from "../../api/customer/graphql";
import { useAction } from "../../api/useAction";
import { useTenant } from "../../app/tenant";
import { ActionAlert, fieldError } from "../../ui/ActionAlert";
import { mebibytes, number } from "../../ui/format";
import { keyring } from "./idempotency";
import { NameAndAddress } from "./NameAndAddress";
import { RegionCards, type RegionShown } from "./RegionCards";
import { nearestRegion } from "./regionGuess";
import { useAddressCheck } from "./useAddressCheck";
import { useFocusOnProblem } from "./useFocusOnProblem";
import { useNameAndSlug } from "./useNameAndSlug";

interface Props {
  /** Undefined while it loads, and for those who may not see it. */
  plan: OfferedPlanFragment | undefined;
  allowance: { used: number; limit: number } | undefined;
  regions: readonly RegionShown[] | undefined;
}

export function NewInstanceForm({ plan, allowance, regions }: Props) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const navigate = useNavigate();
  const instance = useNameAndSlug();
  const [chosenRegion, setRegion] = useState<string | null>(null);
  const [missing, setMissing] = useState<string | null>(null);
  const [missingSlug, setMissingSlug] = useState<string | null>(null);
  const nameRef = useRef<HTMLInputElement>(null);
  const slugRef = useRef<HTMLInputElement>(null);
  const key = useRef(keyring());
  const create = useAction(CreateInstanceDocument);
  useFocusOnProblem(create.problem);
  const region = regions?.find((r) => r.code === chosenRegion) ?? nearestRegion(regions ?? []);
  const address = useAddressCheck({ tenantId: tenant.id, region: region?.code ?? null, slug: instance.slug });
  const full = allowance !== undefined && allowance.used >= allowance.limit;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (create.busy || !region || full) return;
    if (instance.name.trim() === "") {
      setMissing(t("form.nameMissing"));
      nameRef.current?.focus();
      return;
    }
    if (instance.slug === "" || (!address.checking && address.answer?.available === false)) {
      if (instance.slug === "") setMissingSlug(t("form.slugMissing"));
      slugRef.current?.focus();
      return;
    }
    const input = {
      tenantId: tenant.id,
      name: instance.name.trim(),
      slug: instance.slug,
      region: region.code,
    };
    const done = await create.run({ input: { ...input, idempotencyKey: key.current(input) } });
    if (done.ok && done.payload.instance) navigate(`/t/${tenant.slug}/instances/${done.payload.instance.id}`);
  };
  const edited = () => {
    setMissing(null);
    setMissingSlug(null);
    create.reset();
  };

  return (
    <form onSubmit={submit} noValidate>
      <Stack maw={860} gap="lg">
        <Stack gap="sm">
          <Title order={2} size="h4">
            {t("start.name")}
          </Title>
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
            nameError={missing ?? fieldError(create.problem, "name")}
            slugError={missingSlug ?? fieldError(create.problem, "slug")}
            nameRef={nameRef}
            slugRef={slugRef}
          />
        </Stack>
        <Stack gap="sm">
          <Title order={2} size="h4">
            {t("start.region")}
          </Title>
          <RegionCards
            regions={regions}
            value={region?.code ?? null}
            onChange={(code) => {
              edited();
              setRegion(code);
            }}
            error={fieldError(create.problem, "region")}
          />
        </Stack>
        {full ? (
          <Alert
            color="yellow"
            title={t("list.limitReached", { count: allowance.limit, limit: number(allowance.limit) })}
          >
            {t("list.limitRemedy")}
          </Alert>
        ) : null}
        <ActionAlert {...create} fields={["name", "slug", "region"]} />
        <Paper className="surface" p="md">
          <Group justify="space-between" gap="md">
            <div style={{ flex: 1, minWidth: 220 }}>
              {allowance ? (
                <Text fw={600}>
                  {plan ? t("new.plan", { plan: plan.name }) : null}{" "}
                  {t("new.left", { used: number(allowance.used), limit: number(allowance.limit) })}
                </Text>
              ) : (
                <Skeleton h={22} w={260} mb={4} />
              )}
              <Text size="sm" c="dimmed" mih={21}>
                {plan
                  ? t("new.gets", { memory: mebibytes(plan.memoryMib), storage: mebibytes(plan.storageMib) })
                  : null}{" "}
                {region?.readySeconds ? t("start.summaryReady", { count: region.readySeconds }) : null}
              </Text>
            </div>
            <Button type="submit" size="md" loading={create.busy} disabled={!region || full || !allowance}>
              {t("new.create")}
            </Button>
          </Group>
        </Paper>
      </Stack>
    </form>
  );
}
