import './style/fonts.css';
import './style/tokens.css';
import './style/base.css';
import { render } from 'preact';
import { App } from './app.js';
import { showTheme } from './layout/theme.js';
import { isPage } from './pages.js';
import { followLinks } from './router.js';

showTheme();
followLinks(isPage);
render(<App />, document.getElementById('app')!);
