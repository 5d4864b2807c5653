/* Counted costs. Internal to lib/schedule. */
#ifndef DNI_SCHEDULE_COSTS_H
#define DNI_SCHEDULE_COSTS_H

#include "network/network.h"

/* Of forward, backward and update on `rows` rows. */
double dni__cost_of_layer(const dni_layer *layer, size_t rows);
/* Of answer, lesson and update; 0 for none, and for one that needs an error signal. */
double dni__cost_of_sg(const dni_sg *sg, size_t rows);

#endif
