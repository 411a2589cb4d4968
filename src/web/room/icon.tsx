import type { ReactNode } from 'react';

const PATHS = {
  microphone: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3Z M6 11a6 6 0 0 0 12 0 M12 17v4',
  camera: 'M4 7h10a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1Z M15 11l6-3v8l-6-3',
  screen:
    'M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1Z M9 21h6 M12 14V8 M9.5 10.5 12 8l2.5 2.5',
  hand: 'M7 12V6.5a1.5 1.5 0 0 1 3 0V11 M10 10.5v-6a1.5 1.5 0 0 1 3 0v6 M13 10.5v-5a1.5 1.5 0 0 1 3 0V12 M16 9.5a1.5 1.5 0 0 1 3 0V14a7 7 0 0 1-7 7c-3 0-4.500-1.500-6-4.500l-2-4a1.500 1.500 0 0 1 2.600-1.500L8 13.500',
  people:
    'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Z M2.500 20a6.500 6.500 0 0 1 13 0 M16 4.300a3.500 3.500 0 0 1 0 6.400 M18 14.500a6.500 6.500 0 0 1 3.500 5.500',
  assistant:
    'M12 3l1.800 5.200L19 10l-5.200 1.800L12 17l-1.800-5.200L5 10l5.200-1.800L12 3Z M19 16l.8 2.200L22 19l-2.200.8L19 22l-.8-2.200L16 19l2.200-.8L19 16Z',
  leave:
    'M3 14.500c0-5 18-5 18 0v1.500a1 1 0 0 1-1.200 1l-3.300-.7a1 1 0 0 1-.8-1V13.200a14 14 0 0 0-7.400 0v2.100a1 1 0 0 1-.8 1l-3.300.7A1 1 0 0 1 3 16Z',
  link: 'M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700l-1 1 M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1',
  message: 'M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2Z',
  close: 'M6 6l12 12 M18 6 6 18',
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside words, or in a button that has a name. */
export function Icon({
  name,
  isOff = false,
}: {
  readonly name: IconName;
  readonly isOff?: boolean;
}): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
      {isOff && <path className="slash" d="M4 3l17 18" />}
    </svg>
  );
}
