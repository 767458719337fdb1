"""What the pages show, without a page: runs that answer at once, levers, links, and bytes for the browser."""
