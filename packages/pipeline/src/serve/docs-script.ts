// The script of the page at /docs: opens what a link leads to, sends the forms and shows the answers. Plain browser JavaScript, as text.

export const TRY_SCRIPT = `
'use strict';
const access = document.getElementById('access');
access.addEventListener('submit', (event) => event.preventDefault());
const openTarget = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener('hashchange', openTarget);
openTarget();
const address = (form) => {
  const query = new URLSearchParams();
  let path = form.dataset.path;
  for (const input of form.querySelectorAll('input[data-in]')) {
    if (input.dataset.in === 'path') path = path.replace('{' + input.name + '}', encodeURIComponent(input.value));
    else if (input.value !== '') query.set(input.name, input.value);
  }
  return query.size > 0 ? path + '?' + query : path;
};
const payload = (form) => {
  const files = form.querySelector('input[type=file]')?.files ?? [];
  if (files.length === 0) return {};
  if (files.length === 1) {
    return { body: files[0], headers: { 'content-type': files[0].type || 'application/octet-stream' } };
  }
  const body = new FormData();
  for (const file of files) body.append('images', file);
  return { body };
};
const show = async (response) => {
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const pretty = type.includes('json') && text !== '' ? JSON.stringify(JSON.parse(text), null, 2) : text;
  return response.status + ' ' + response.statusText + '\\n' + pretty.slice(0, 100000);
};
for (const form of document.querySelectorAll('form.try')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const out = form.querySelector('pre');
    out.hidden = false;
    out.textContent = '…';
    try {
      const { body, headers = {} } = payload(form);
      const token = access.elements.token.value;
      if (token !== '') headers.authorization = 'Bearer ' + token;
      out.textContent = await show(await fetch(address(form), { method: form.dataset.method, headers, body }));
    } catch (error) {
      out.textContent = String(error);
    }
  });
}
`;
