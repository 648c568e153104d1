export function Logo() {
  return (
    <span class="logo">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect class="logo-ground" width="32" height="32" rx="8" />
        <path class="logo-line" d="M8 9h16v11h-9l-5 4v-4H8z" />
        <path class="logo-line" d="M12.5 14.6l2.5 2.4 4.6-4.8" />
      </svg>
      Svardesk
    </span>
  );
}
