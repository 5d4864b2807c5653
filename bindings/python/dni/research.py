"""Experiments: what is declared in dni/research.h. Nothing here is promised to stay."""

from ._interface import (analysis_agreement, analysis_align, analysis_classifier_probe,
                         analysis_extract_loss, analysis_integrability, analysis_interface, analysis_rdm,
                         analysis_rdm_distance, analysis_regressor_probe, costs_balance)
