/** The same drawing as `styles/icon.svg`, in the page's own colours. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="logo-back" width="32" height="32" rx="9" />
      <path
        class="logo-room"
        d="M9 24V12.5A3.5 3.5 0 0 1 12.5 9h7a3.5 3.5 0 0 1 3.5 3.500v4a3.5 3.5 0 0 1-3.5 3.500H15l-6 4z"
      />
      <circle class="logo-back" cx="13.2" cy="14.6" r="1.5" />
      <circle class="logo-guest" cx="18.8" cy="14.6" r="1.5" />
    </svg>
  );
}
