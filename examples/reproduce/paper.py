"""What the appendix of Czarnecki et al. (2017) prints, and how the page words it."""

TITLE = "Understanding Synthetic Gradients, reproduced"

ABOUT = (
    "Every claim in the appendix of W. M. Czarnecki et al., “Understanding Synthetic Gradients and "
    "Decoupled Neural Interfaces” (ICML 2017, arXiv 1703.00522), run by one of libdni's example "
    "programs: the paper's number, ours, and whether they agree. A synthetic gradient (SG) is a "
    "small model that predicts dL/dh at an interface between two layers, so that the layers below "
    "need not wait for those above.")

# program, heading, what the section of the paper says
SECTIONS = [
    ("critic", "Appendix A: critics",
     "A critic estimates the loss and is used through its gradient, to which its error says "
     "nothing."),
    ("critical_points", "Appendix B, Figure 6: new critical points",
     "|ax + b| over {-2, -1, 1, 2}, with one trainable number c in place of the gradient."),
    ("theorem1", "Appendix C, Theorem 1: linear regression",
     "A linear SG with line search converges to the least-squares solution."),
    ("guard", "Appendix C, Proposition 2 and Corollary 1: the guard",
     "The model moves only while the SG's error is small beside the gradient."),
    ("proposition2", "Appendix C, Proposition 2 on MNIST",
     "Its condition is sufficient: with an SG after every layer it is seldom met, and the SGs' "
     "gradients point the right way nevertheless."),
    ("artificial", "Appendix D, Table 2: artificial data",
     "Final loss with an SG minus the true optimum, mean over data sets; minus that of "
     "backpropagation beside it."),
    ("rdm", "Appendix D, Figure 7: representations",
     "Distance of each layer's dissimilarity matrix (blocks of equal labels) from the last "
     "hidden layer's, on MNIST."),
    ("probes", "Appendix D, Figure 8: linear probes",
     "What a linear classifier, and a linear regression to the input, make of each hidden layer."),
    ("loss_estimation", "Appendix D, Figure 9: the loss inside an SG",
     "The loss extracted from an SG beside the true one, by what the SG sees."),
]

# The verdicts of the run before this version (0.3: one seed of Figures 7 and 8, programs one by one).
BEFORE = {"reproduced": 49, "partly": 5, "not": 6, "not in the paper": 5}

# (model, loss) -> data -> printed difference; what is not here is not in the table
TABLE_2 = {
    ("shallow", "mse"): {"linear2": 0.0, "linear100": 0.00002, "noisy2": 0.0, "noisy100": 0.00002,
                         "random2": 0.0, "random100": 0.00004},
    ("shallow", "log"): {"linear2": 0.03842, "linear100": 0.08554, "noisy2": 0.00036,
                         "noisy100": 0.00442, "random2": 0.0, "random100": 0.00003},
    ("deep", "mse"): {"noisy2": 0.0, "noisy100": 0.00001, "random2": 0.0, "random100": 0.00001},
    ("deep", "log"): {"noisy2": 0.0, "noisy100": 0.00293, "random2": 0.0, "random100": 0.00004},
}
DATA_SETS = ["linear2", "linear100", "noisy2", "noisy100", "random2", "random100"]

# program/name of the SVG -> caption, in the page's order; others follow with their program's heading
CAPTIONS = {
    "critic/critic": "Left: cosine of each estimator's answer and the true gradient during training. "
                     "Right: relative error in what each learns, the loss or the gradient.",
    "critical_points/critical_points": "Figure 6. Left: the loss, its minimum and the points that "
                                       "the scalar SG makes critical. Right: where training ends.",
    "theorem1/theorem1": "Errors of weights and SG during training, by line search.",
    "theorem1/theorem1_exact": "The same beside the SG that is solved for by least squares: it is "
                               "the true gradient after the first lesson, with a ridge nearly so.",
    "guard/guard": "Left: loss minus the optimum's. Right: the two sides of the condition, which "
                   "holds below 1/3. Top: the SG starts at zero and learns by line search. Bottom: "
                   "it starts at random and learns by Adam, and without the guard the training "
                   "diverges.",
    "proposition2/proposition2": "Both sides of the condition, which holds below 1/3, and the cosine "
                                 "of the gradient that the SG makes with the true one, by step and "
                                 "hidden layer.",
    "artificial/artificial": "Loss with an SG minus the true optimum (above) and minus that of "
                             "backpropagation (below), by the number of iterations, which the "
                             "paper does not give.",
    "rdm/rdm": "Figure 7, top. Dissimilarity matrices (1 - correlation) of 400 test digits sorted "
               "by label: a row for each method, a column for each hidden layer.",
    "rdm/rdm_distance": "Figure 7, bottom. L2 distance of the diagonal blocks at each hidden layer "
                        "from those of the last. Dotted: where SGs sit.",
    "probes/probes": "Figure 8. Left: training accuracy of a linear classifier on each hidden layer. "
                     "Right: mean squared error of a linear regression from it to the input.",
    "loss_estimation/loss_hy": "True loss and loss extracted from an SG of (h,y), by example and "
                               "iteration, each with its own scale (the main paper's figure).",
    "loss_estimation/loss_h": "Figure 9, (a) to (d): the same for an SG of h alone.",
    "loss_estimation/loss_y": "Figure 9, (e) to (h): the same for an SG of y alone.",
}

# where, printed, built
SLIPS = [
    ("Theorem 1, dL/dW", "Σ (y - Wx) xᵀ", "Σ (Wx - y) xᵀ; the recursion below it has this sign"),
    ("Theorem 1, dE/dα, dE/dβ, dE/dγ", "no factor 2 for E = ‖…‖²",
     "the factor, which ν absorbs"),
    ("Theorem 1, end of the proof", "“+ μ” in the factor of ‖ξ‖; "
     "μ < min { b/‖B‖², 1 - … }", "the term is μ‖B‖, so μ < min { b/‖B‖², q/(2‖B‖) }, "
     "q = ‖Aᵀξ‖⁴ / (‖AAᵀξ‖² ‖ξ‖²). theorem1 runs both"),
    ("Theorem 1, equation (1)", "ξₖ₊₁ = ξₖ - ν AₖAₖᵀ ξₖ",
     "this is Aₖωₖ₊₁; ξₖ₊₁ = Aₖ₊₁ωₖ₊₁ has another first column. That ‖f‖ + ‖ξ‖ falls in every step "
     "is therefore not asserted but counted"),
    ("Corollary 1, μ", "ε max(0, ‖e‖ - ‖dL/dθ‖ / (3 ‖dh/dθ‖))",
     "ε max(0, ‖dL/dθ‖ / (3 ‖dh/dθ‖) - ‖e‖), which agrees with equation (2)"),
    ("Corollary 1, last bound", "(1-δ)/(1+δ) ‖∂L/∂h‖", "(1-δ)/(1+δ) ‖∂L/∂θ‖, as Proposition 2 "
     "asks"),
    ("Appendix B, critical points", "b = 0, c = 0 for any a",
     "|b| ≤ |a|, c = 0: there the signs cancel too, and there training ends"),
    ("Figure 6, caption", "d = 0", "c = 0"),
    ("Table 2", "text: difference from the global optimum; caption: from backpropagation",
     "from the optimum, with which the printed numbers agree; from backpropagation beside it"),
]
