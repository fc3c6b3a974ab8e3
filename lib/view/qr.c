/* SPDX-License-Identifier: BSD-2-Clause */
/* QR codes (ISO/IEC 18004), by libqrencode. Level M: a stamp over a corner does not spoil it. */
#include "view/render.h"
#include <qrencode.h>
#include <errno.h>

int qr_make(uint8_t **modules, size_t *size, const char *text, hz_error **err)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	uint8_t *out;

	if (!code && errno == ENOMEM)
		return err_nomem(err);
	if (!code)
		return err_set(err, HZ_E_INVAL, "QR code: the text does not fit");
	out = malloc((size_t)code->width * (size_t)code->width);
	for (size_t i = 0; out && i < (size_t)code->width * (size_t)code->width; i++)
		out[i] = code->data[i] & 1;
	*size = (size_t)code->width;
	QRcode_free(code);
	if (!out)
		return err_nomem(err);
	*modules = out;
	return 0;
}
