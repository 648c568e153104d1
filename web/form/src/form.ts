// What the page does better with a script. It works without: everything here only spares people a wait or a second try.
import "./form.css";

const form = document.querySelector<HTMLFormElement>("form[data-sending]");
const button = form?.querySelector<HTMLButtonElement>("button[type=submit]");

if (form && button) {
  const label = button.textContent ?? "";
  let sending = false;
  form.addEventListener("submit", (event) => {
    // Twice is once for the server too; here the second press does not even start an upload.
    if (sending) event.preventDefault();
    sending = true;
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.sending ?? label;
  });
  // Back from the receipt: the browser may show the page as it was left.
  addEventListener("pageshow", () => {
    sending = false;
    button.removeAttribute("aria-disabled");
    button.textContent = label;
  });
}

document.querySelector<HTMLElement>(".summary")?.focus();
