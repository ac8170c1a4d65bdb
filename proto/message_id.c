#include "proto/message_id.h"

#include <string.h>

/* In ASCII order, which makes the text sort like the number. */
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum { BITS_PER_CHARACTER = 5, LOW_BITS = 0x1f };

void message_id_text(uint64_t gseq, char ret[MESSAGE_ID_LEN + 1])
{
	for (size_t i = MESSAGE_ID_LEN; i-- > 0; gseq >>= BITS_PER_CHARACTER)
		ret[i] = alphabet[gseq & LOW_BITS];
	ret[MESSAGE_ID_LEN] = '\0';
}

enum err message_id_parse(struct str id, uint64_t *ret_gseq)
{
	uint64_t gseq = 0;

	if (id.len != MESSAGE_ID_LEN)
		return ERR_INVALID;
	for (size_t i = 0; i < id.len; i++) {
		const char *at = memchr(alphabet, id.p[i], sizeof(alphabet) - 1);

		/* 13 characters hold 65 bits: the first must leave the top one clear. */
		if (!at || gseq >> (64 - BITS_PER_CHARACTER))
			return ERR_INVALID;
		gseq = gseq << BITS_PER_CHARACTER | (uint64_t)(at - alphabet);
	}
	*ret_gseq = gseq;
	return ERR_OK;
}
