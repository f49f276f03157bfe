// Joins our buttons to the passkey scripts of allauth; a refusal is said in words.

for (const button of document.querySelectorAll("[data-passkey]")) {
  const { passkey, credential, passwordless } = button.dataset;
  window.allauth.webauthn.forms[`${passkey}Form`]({
    ids: { [passkey]: button.id, credential, passwordless, data: "passkey-data" },
  });
  button.hidden = false;
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  for (const problem of document.querySelectorAll("[data-passkey-problem]")) problem.hidden = false;
});
