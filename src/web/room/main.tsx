import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

const root = document.getElementById('root');
const room = decodeURIComponent(location.pathname.slice(1));
document.title = `${room} · Satsuma`;
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App room={room} />
    </StrictMode>,
  );
}
