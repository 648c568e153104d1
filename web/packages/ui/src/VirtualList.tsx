import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface VirtualListProps<T> {
  label: string;
  items: readonly T[];
  /** Every row has this height, in rem, so that it follows the reader's text size. */
  rowRem: number;
  itemKey: (item: T) => string;
  render: (item: T, index: number) => ComponentChildren;
  /** Called when the end comes near, as often as that happens: the caller knows whether it is already loading. */
  onNearEnd?: () => void;
  /** The item at this index is scrolled into sight when it is another one than before, not whenever it moves. */
  showIndex?: number;
  /** Whether more rows exist than are loaded: the total is then unknown to screen readers. */
  open?: boolean;
  foot?: ComponentChildren;
}

const SPARE = 6;

const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 14;

/** First and last index to draw, for a window of `height` pixels scrolled to `top`. */
export function windowOf(top: number, height: number, row: number, count: number): [number, number] {
  const first = Math.max(0, Math.floor(top / row) - SPARE);
  const last = Math.min(count, Math.ceil((top + height) / row) + SPARE);
  return [Math.min(first, last), last];
}

export function VirtualList<T>(props: VirtualListProps<T>) {
  const { items, rowRem, onNearEnd, showIndex } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800, row: rowRem * 14 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight, row: rowRem * rem() });
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, [rowRem]);
  const shown = showIndex === undefined ? undefined : items[showIndex];
  const shownKey = shown === undefined ? null : props.itemKey(shown);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a list that moves by itself must not take the reader along
  useEffect(() => {
    const element = box.current;
    if (!element || shownKey === null || showIndex === undefined) return;
    const row = rowRem * rem();
    if (showIndex * row < element.scrollTop) element.scrollTop = showIndex * row;
    else if ((showIndex + 1) * row > element.scrollTop + element.clientHeight)
      element.scrollTop = (showIndex + 1) * row - element.clientHeight;
  }, [shownKey, rowRem]);
  const [first, last] = windowOf(view.top, view.height, view.row, items.length);
  useEffect(() => {
    if (last >= items.length - SPARE) onNearEnd?.();
  }, [last, items.length, onNearEnd]);
  return (
    <div ref={box} class="virtual">
      {/* biome-ignore lint/a11y/useSemanticElements: rows are placed by position, which a ul would not allow */}
      <div class="virtual-run" role="list" aria-label={props.label} style={{ height: `${items.length * view.row}px` }}>
        {items.slice(first, last).map((item, offset) => {
          const index = first + offset;
          return (
            // biome-ignore lint/a11y/useSemanticElements: see above
            <div
              key={props.itemKey(item)}
              class="virtual-row"
              role="listitem"
              aria-posinset={index + 1}
              aria-setsize={props.open ? -1 : items.length}
              style={{ top: `${index * view.row}px`, height: `${view.row}px` }}
            >
              {props.render(item, index)}
            </div>
          );
        })}
      </div>
      {props.foot}
    </div>
  );
}
