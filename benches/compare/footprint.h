// What it costs to have the libraries at all: their size on disk and the time until they answer.
#pragma once

#include "report.h"

void report_size(Report &report);
void report_load_time(Report &report);
