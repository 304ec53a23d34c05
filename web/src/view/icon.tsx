const PATHS = {
  menu: "M4 7h16M4 12h16M4 17h10",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.6-3.6 3.2-5.5 6.5-5.5s5.9 1.9 6.5 5.500M16 4.400a3.5 3.5 0 0 1 0 6.300M18 14.900c2 .7 3.2 2.4 3.6 5.1",
  close: "M6 6l12 12M18 6L6 18",
  send: "M5 12h13M12.5 5.500L19 12l-6.5 6.5",
  down: "M12 5v13M5.5 12.500L12 19l6.5-6.5",
  stored: "M4.5 12.500l5 5 10-11",
  sending: "M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z",
  failed: "M12 7.500v5.500M12 16.400v.2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z",
  signOut: "M10 4H5.500A1.5 1.5 0 0 0 4 5.500v13A1.5 1.5 0 0 0 5.5 20H10M15 8l4 4-4 4M19 12H9",
} as const;

/** A drawing beside words, or in a button that has a label. */
export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
