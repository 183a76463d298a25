import { type FormErrors, type UseFormInput, useForm } from "@mantine/form";
import { useCallback } from "react";
import type { Outcome, Problem } from "../api/useAction";

/**
 * A form of a few fields. What is wrong stands beside the field, and the focus goes to the first of them, whether
 * this page or the server found it.
 */
export function useEntryForm<Values extends Record<string, string>>(input: UseFormInput<Values>) {
  const form = useForm<Values>(input);
  const focus = useCallback(
    (names: string[]) => {
      const first = Object.keys(form.getValues()).find((name) => names.includes(name));
      // The error's text first, then the focus: so that a screen reader reads both.
      if (first) requestAnimationFrame(() => form.getInputNode(first)?.focus());
    },
    [form.getValues, form.getInputNode],
  );
  const onInvalid = useCallback((errors: FormErrors) => focus(Object.keys(errors)), [focus]);
  /** Shows the problem of a field, where the outcome is one; `names` are the API's names of other fields. */
  const show = useCallback(
    (outcome: Outcome<unknown>, names: Record<string, string> = {}) => {
      const problem: Problem | null = outcome.ok ? null : outcome.problem;
      if (!problem?.field) return;
      const field = names[problem.field] ?? problem.field;
      if (!(field in form.getValues())) return;
      form.setFieldError(field, `${problem.message} ${problem.remedy}`);
      focus([field]);
    },
    [form.getValues, form.setFieldError, focus],
  );
  return { form, onInvalid, show };
}
