import { Alert, Button, Text, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../api/client";
import { RequestId } from "../../ui/FaultPanel";

/** A part of the page that did not come; the rest reads on. */
export function OfferFault({ title, fault, retry }: { title: string; fault: Fault; retry: () => void }) {
  const { t } = useTranslation();
  const offline = fault.code === "OFFLINE";
  return (
    <Alert color="gray" mt="xl" title={title}>
      <Text size="sm">{offline ? t("fault.offline") : (fault.remedy ?? fault.message)}</Text>
      <RequestId fault={fault} />
      <Button variant="default" size="xs" mt="sm" onClick={retry}>
        {t("fault.retry")}
      </Button>
    </Alert>
  );
}

export function Waiting({ label }: { label: string }) {
  return <VisuallyHidden role="status">{label}</VisuallyHidden>;
}
