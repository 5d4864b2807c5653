/* How each method looks in all figures. Colours are M. Okabe and K. Ito's (2008), which colour-blind
 * readers can tell apart; a dash and a marker of its own tell each line apart in black and white.
 * There are more methods than colours: of two that share one, no figure of a paper's claim has both. */
#include "common.h"

#define CIRCLE   "M-3.6 0A3.6 3.6 0 1 0 3.6 0A3.6 3.6 0 1 0 -3.6 0Z"
#define TRIANGLE "M0 -4.2L4.2 3.2H-4.2Z"
#define SQUARE   "M-3.3 -3.3H3.3V3.3H-3.3Z"
#define DIAMOND  "M0 -4.8L4.8 0L0 4.8L-4.8 0Z"
#define FALLING  "M0 4.2L4.2 -3.2H-4.2Z"

const method_style method_styles[STYLE_COUNT] = {
    [METHOD_BACKPROP] = {"backprop", "#000000", "", CIRCLE, 7},
    [METHOD_SG_ALL] = {"SG everywhere, loss-matched", "#56b4e9", "7,2", FALLING, 11},
    [METHOD_SG_ALL_ADAM] = {"SG everywhere, by Adam", "#d55e00", "9,4", SQUARE, 5},
    [METHOD_SG] = {"one SG", "#0072b2", "2.5,3", TRIANGLE, 9},
    [METHOD_DFA] = {"DFA", "#009e73", "9,3,2.5,3", DIAMOND, 13},
    [METHOD_FA] = {"FA", "#cc79a7", "14,4", FALLING, 11},
    [METHOD_LOCAL] = {"local loss", "#e69f00", "5,2", CIRCLE, 7},
    [METHOD_DELAYED] = {"delayed", "#56b4e9", "12,3,2,3", SQUARE, 5},
    [METHOD_NONE] = {"no gradient", "#666666", "2,2", DIAMOND, 13},
    [STYLE_LEAST_SQUARES] = {"SG everywhere, least squares", "#cc79a7", "6,2,2,2", DIAMOND, 13},
};

size_t style_of(method which, const sg_plan *sg) {
  if (which != METHOD_SG_ALL) return (size_t)which;
  if (sg->kind == SG_ADAM) return METHOD_SG_ALL_ADAM;
  return sg->residual ? METHOD_SG_ALL : STYLE_LEAST_SQUARES;
}
