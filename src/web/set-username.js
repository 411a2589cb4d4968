const form = document.querySelector('form');
const field = form.elements.namedItem('username');

/** Browsers that keep nothing for pages throw; then the name is typed again. */
function inStorage(act) {
  try {
    return act(localStorage);
  } catch {
    return null;
  }
}

const name = inStorage((storage) => storage.getItem('name'));
if (name !== null && field.value === '') {
  field.value = name;
  field.select();
}
form.addEventListener('submit', () => inStorage((storage) => storage.setItem('name', field.value.trim())));
