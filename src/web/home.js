const form = document.getElementById('enter');

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const room = new FormData(form).get('room').trim();
  if (room !== '') location.assign(`/${encodeURIComponent(room)}`);
});
