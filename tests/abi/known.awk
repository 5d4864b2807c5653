# Cuts a newer description of the library down to what an older one knows: known.awk OLD.abi NEW.abi.
#
# A struct that begins with struct_size may have grown: what follows as many fields as the older one
# has is left out, and the struct gets its old size. A struct that the older one knows by its name
# alone loses all fields. What still differs is a change of what was promised. Both files are abidw's,
# in which each element begins on a line of its own.

function attribute(name) { return match($0, " " name "='[^']*'") ? substr($0, RSTART, RLENGTH) : "" }

/<class-decl / { whole = attribute("name"); declared = /is-declaration-only/ }

# The older one.
NR == FNR && /<class-decl / {
  fields = 0
  if (declared) opaque[whole] = 1
  else size[whole] = attribute("size-in-bits")
}
NR == FNR && /<data-member / { count[whole] = ++fields }
NR == FNR && / name='struct_size'/ && fields == 1 { grows[whole] = 1 }
NR == FNR { next }

# The newer one. Structs inside structs, of which only internal ones have any, make the depth. Lines are
# printed but for the fields, and the end, of what is hidden, and for fields behind the known ones.
/<class-decl / {
  if (!depth) {
    fields = 0
    hidden = whole in opaque && !declared
    longer = whole in grows
    if (longer) sub(attribute("size-in-bits"), size[whole])
    if (hidden) sub(attribute("size-in-bits"), " is-declaration-only='yes'")
    if (hidden && !/\/>/) { print substr($0, 1, length($0) - 1) "/>" }
  }
  if (!/\/>/) depth++
}
/<data-member / && depth == 1 { fields++ }
!depth || !hidden && (!longer || fields <= count[whole] || /<\/class-decl>/) { print }
/<\/class-decl>/ { depth-- }
