import { useCallback, useEffect, useState } from 'preact/hooks';

export type Answer<Value> =
  | { readonly state: 'waiting'; readonly value?: Value }
  | { readonly state: 'here'; readonly value: Value }
  | { readonly state: 'failed'; readonly error: Error };

/**
 * Asks when the component is first drawn, and again when `question` changes. While it asks again, the value of before stays, so that
 * nothing jumps. What is not needed any more is aborted.
 *
 * @param question what the answer depends on, as text
 */
export function useAnswer<Value>(
  question: string,
  ask: (signal: AbortSignal) => Promise<Value>,
): { readonly answer: Answer<Value>; readonly again: () => void } {
  const [answer, setAnswer] = useState<Answer<Value>>({ state: 'waiting' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    setAnswer((before) =>
      before.state === 'here' ? { state: 'waiting', value: before.value } : { state: 'waiting' },
    );
    ask(signal).then(
      (value) => {
        if (!signal.aborted) setAnswer({ state: 'here', value });
      },
      (error: unknown) => {
        if (!signal.aborted)
          setAnswer({ state: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
      },
    );
    return () => {
      controller.abort();
    };
    // `ask` is another function at each drawing; `question` says when it asks something else.
  }, [question, attempt]);
  const again = useCallback(() => {
    setAttempt((before) => before + 1);
  }, []);
  return { answer, again };
}
