import { Button, Group, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { MOST_DAYS, problemOf, type Span, type SpanProblem } from "./span";

interface Props {
  span: Span;
  problem: SpanProblem | null;
  onChange: (span: Span) => void;
}

/** From a day to another. Shown when it is sent, so that a year can be typed in peace. */
export function CustomSpan({ span, problem, onChange }: Props) {
  const { t } = useTranslation("usage");
  const [draft, setDraft] = useState(span);
  const [wrong, setWrong] = useState(problem);
  const first = useRef<HTMLInputElement>(null);
  const last = useRef<HTMLInputElement>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = problemOf(draft);
    setWrong(found);
    if (found) (found === "last" ? last : first).current?.focus();
    else onChange(draft);
  };
  const error = wrong ? t(`custom.${wrong}`, { most: MOST_DAYS }) : undefined;
  return (
    <form onSubmit={submit} noValidate>
      <Group gap="sm" align="flex-start">
        <TextInput
          ref={first}
          type="date"
          label={t("custom.from")}
          value={draft.first}
          error={wrong === "last" ? undefined : error}
          onChange={(event) => setDraft({ ...draft, first: event.currentTarget.value })}
          autoComplete="off"
          w={200}
        />
        <TextInput
          ref={last}
          type="date"
          label={t("custom.to")}
          value={draft.last}
          error={wrong === "last" ? error : undefined}
          onChange={(event) => setDraft({ ...draft, last: event.currentTarget.value })}
          autoComplete="off"
          w={200}
        />
        <Button type="submit" mt={25}>
          {t("custom.show")}
        </Button>
      </Group>
    </form>
  );
}
