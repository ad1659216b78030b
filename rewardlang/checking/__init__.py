"""From the syntax tree to the checked program: names, types, dimensions, promises."""
