'use strict';

/*
 * Records each finished execution of this n8n as one line of JSON, synced to disk before the next step.
 *
 * - Opened anew for each line: the reader may rotate the file at any time.
 * - A waiting execution is not finished: it comes again when it has resumed.
 * - Never throws: an error here must not become an error of somebody's workflow. What is not written is
 *   found by comparing with n8n's own table of executions.
 */

const fs = require('node:fs');

const FILE = process.env.TENANTRY_USAGE_FILE;
const FINAL = new Set(['success', 'error', 'crashed', 'canceled']);
/* What n8n itself counts as a billable run: a production run that is not part of another. */
const BILLABLE_MODES = new Set(['cli', 'retry', 'trigger', 'webhook', 'evaluation']);
const BILLABLE_STATUSES = new Set(['success', 'error', 'crashed']);

const time = (value) => {
  const date = value ? new Date(value) : null;
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : null;
};

const append = (record) => {
  /* No O_CREAT: the directory is not ours to create files in. */
  const file = fs.openSync(FILE, fs.constants.O_WRONLY | fs.constants.O_APPEND);
  try {
    /* One write, so that lines of two executions never mix. */
    fs.writeSync(file, `${JSON.stringify(record)}\n`);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
};

const record = (run, workflow, executionId) => {
  const status = run.status ?? (run.data?.resultData?.error ? 'error' : 'success');
  if (!FINAL.has(status)) return null;
  return {
    id: String(executionId),
    wf: workflow?.id ?? null,
    name: workflow?.name ?? null,
    mode: run.mode ?? null,
    status,
    start: time(run.startedAt),
    stop: time(run.stoppedAt) ?? new Date().toISOString(),
    billable: BILLABLE_MODES.has(run.mode) && BILLABLE_STATUSES.has(status),
  };
};

module.exports = {
  workflow: {
    postExecute: [
      async (run, workflow, executionId) => {
        try {
          if (!FILE || !run || !executionId) return;
          const line = record(run, workflow, executionId);
          if (line) append(line);
        } catch (error) {
          try {
            console.error(`usage of execution ${executionId} was not recorded: ${error?.message}`);
          } catch {
            /* Nothing is left to tell. */
          }
        }
      },
    ],
  },
};
