"""One process: our own Starlette application with Solara below `/explore`."""
