import { type RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** A dialog that opens when it is drawn. It says by its `close` event that it was closed. */
export function useOpenDialog(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return dialog;
}
