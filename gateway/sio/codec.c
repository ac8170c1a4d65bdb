#include "gateway/sio/codec.h"

#include "gateway/sio/mpacket.h"
#include "gateway/sio/packet.h"

const struct codec codecs[CODECS] = {
    [CODEC_TEXT] =
	{
	    .events = CODEC_TEXT,
	    .put_connect = packet_put_connect,
	    .put_connect_error = packet_put_connect_error,
	    .put_refusal = packet_put_connect_error,
	    .put_disconnect = packet_put_disconnect,
	    .put_event = packet_put_event,
	    .put_question = packet_put_question,
	    .put_ack = packet_put_ack,
	},
    [CODEC_LEGACY] =
	{
	    .events = CODEC_TEXT,
	    .put_connect = packet_put_connect_legacy,
	    .put_connect_error = packet_put_connect_error,
	    .put_refusal = packet_put_refusal_legacy,
	    .put_disconnect = packet_put_disconnect,
	    .put_event = packet_put_event,
	    .put_question = packet_put_question,
	    .put_ack = packet_put_ack,
	},
    [CODEC_MSGPACK] =
	{
	    .is_binary = true,
	    .events = CODEC_MSGPACK,
	    .put_connect = mpacket_put_connect,
	    .put_connect_error = mpacket_put_connect_error,
	    .put_refusal = mpacket_put_connect_error,
	    .put_disconnect = mpacket_put_disconnect,
	    .put_event = mpacket_put_event,
	    .put_question = mpacket_put_question,
	    .put_ack = mpacket_put_ack,
	},
};
