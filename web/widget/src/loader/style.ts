/** When the panel covers the whole page. */
export const PHONE = "(max-width:480px),(max-height:420px)";

/** The launcher and the panel; a constructed sheet in a shadow root, so that the page's CSP and CSS do not meet it. */
export const STYLE = `:host{all:initial;--a:#0b6a5d;--i:#fff}
button{all:unset;position:fixed;bottom:20px;right:20px;z-index:2147483000;width:56px;height:56px;border-radius:50%;background:var(--a);color:var(--i);cursor:pointer;display:grid;place-items:center;box-shadow:0 4px 16px #0005}
button:hover{opacity:.92}
button:focus-visible{outline:3px solid var(--a);outline-offset:3px;box-shadow:0 0 0 3px #fff}
svg{width:26px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
b{position:absolute;bottom:40px;left:36px;min-width:14px;padding:0 4px;border-radius:16px;background:#b3261e;color:#fff;border:2px solid #fff;font:700 12px/18px system-ui;text-align:center}
div{position:fixed;bottom:88px;right:20px;z-index:2147483000;width:384px;height:min(640px,100dvh - 108px);border-radius:16px;overflow:hidden;background:#fff;box-shadow:0 0 0 1px #0002,0 4px 40px #0005}
.l{right:auto;left:20px}
iframe{width:100%;height:100%;border:0;display:block}
[hidden]{display:none!important}
@keyframes a{0%{opacity:0;transform:translateY(12px)}}
@media (prefers-reduced-motion:no-preference){div{animation:a .18s}}
@media (prefers-color-scheme:dark){div{background:#181f1e}}
@media ${PHONE}{div{inset:0;width:100%;height:100%;border-radius:0}}
@media print{:host{display:none}}`;
