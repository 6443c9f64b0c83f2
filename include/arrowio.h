#ifndef ARROWIO_H
#define ARROWIO_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
uint32_t arrowio_version_number(void);
const char *arrowio_version_string(void);
#ifdef __cplusplus
}
#endif
#endif
