import { Alert, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { InstanceStateFragment } from "../../api/customer/graphql";
import { dateTime } from "../../ui/format";

type Failure = NonNullable<InstanceStateFragment["failure"]>;

/** Why the last attempt failed, what to do, and when it is tried again by itself. */
export function FailurePanel({ failure, now }: { failure: Failure; now: number }) {
  const { t } = useTranslation("instances");
  const seconds = Math.ceil((Date.parse(failure.nextAttemptAt) - now) / 1000);
  const next =
    seconds <= 0
      ? t("failure.now")
      : seconds < 120
        ? t("failure.inSeconds", { count: seconds })
        : t("failure.at", { when: dateTime(failure.nextAttemptAt) });
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={t("failure.title")}>
      <Text size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
        {failure.message}
      </Text>
      <Text size="sm" mt={4}>
        {failure.remedy}
      </Text>
      <Text size="sm" mt={4}>
        {next} <span className="mono">({failure.code})</span>
      </Text>
    </Alert>
  );
}
