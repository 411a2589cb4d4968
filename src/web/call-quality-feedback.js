const element = (id) => document.getElementById(id);
const meetingId = new URLSearchParams(location.search).get('meetingId');

if (meetingId) {
  element('feedback').elements.namedItem('meetingId').value = meetingId;
  element('question').hidden = false;
} else {
  element('hint').textContent = 'This link does not say which call it is about.';
}
