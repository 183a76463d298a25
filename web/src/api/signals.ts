/** Facts about this page's connection that many components care about, outside React's tree. */

type Listener = () => void;

/** A value that components can subscribe to. */
export function signal<T>(initial: T) {
  let value = initial;
  const listeners = new Set<Listener>();
  return {
    get: () => value,
    set(next: T) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener: Listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** Whether the server answers. */
export const online = signal(true);

/** Counts the sessions that ended under this page. */
export const expiries = signal(0);

export function setOnline(is: boolean): void {
  online.set(is);
}

export function signalExpired(): void {
  expiries.set(expiries.get() + 1);
}
