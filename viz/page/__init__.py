"""Pages in the browser, made with Solara: our own composition on our own widgets."""
