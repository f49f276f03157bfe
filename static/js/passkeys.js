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

// A passkey in place of password and code: the rest of the form is checked first, then it is asked and sent.
for (const button of document.querySelectorAll("[data-prove]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const form = button.form;
    const typed = [...form.querySelectorAll("[data-typed]")];
    for (const input of typed) input.required = false;
    if (form.reportValidity()) {
      try {
        const { request_options: question } = JSON.parse(document.getElementById("passkey-data").textContent);
        form.elements.credential.value = JSON.stringify(await window.webauthnJSON.get(question));
        for (const input of typed) input.value = "";
        button.disabled = true;
        form.submit();
      } catch {
        for (const problem of document.querySelectorAll("[data-passkey-problem]")) problem.hidden = false;
      }
    }
    for (const input of typed) input.required = true;
  });
}
