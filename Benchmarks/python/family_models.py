"""Makes a checkpoint of each family, all of MiniLM's size with MiniLM's tokenizer and random weights.

    python Benchmarks/python/family_models.py MINILM FOLDER [FAMILY ...]

Each goes into a folder of its own under FOLDER; what differs between families is in the configuration and the layers.
"""

import pathlib
import shutil
import sys

import torch
import transformers

VOCABULARY, WIDTH, LAYERS, HEADS, INNER = 30522, 384, 6, 12, 1536

SIZES = {
    "vocab_size": VOCABULARY, "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
    "intermediate_size": INNER, "pad_token_id": 0,
}
# Segments are 0 and 1 for pairs, and positions may be counted from after the padding's id.
BERT_LIKE = SIZES | {"type_vocab_size": 2, "max_position_embeddings": 514}
DISENTANGLED = SIZES | {
    "max_position_embeddings": 512, "type_vocab_size": 0, "relative_attention": True, "pos_att_type": ["p2c", "c2p"],
    "max_relative_positions": -1, "position_biased_input": False,
}
FAMILIES = {
    "bert": (transformers.BertConfig, BERT_LIKE),
    "distilbert": (transformers.DistilBertConfig, {
        "vocab_size": VOCABULARY, "dim": WIDTH, "n_layers": LAYERS, "n_heads": HEADS, "hidden_dim": INNER}),
    "roberta": (transformers.RobertaConfig, BERT_LIKE),
    "mpnet": (transformers.MPNetConfig, {k: v for k, v in BERT_LIKE.items() if k != "type_vocab_size"}),
    "electra": (transformers.ElectraConfig, BERT_LIKE | {"embedding_size": 128}),
    "albert": (transformers.AlbertConfig, BERT_LIKE | {"embedding_size": 128}),
    "deberta": (transformers.DebertaConfig, DISENTANGLED),
    # As the published checkpoints of version 3 are.
    "deberta-v2": (transformers.DebertaV2Config, DISENTANGLED | {
        "position_buckets": 256, "share_att_key": True, "norm_rel_ebd": "layer_norm"}),
    "modernbert": (transformers.ModernBertConfig, SIZES | {
        # Gated layers have a third matrix; this gives as many products as the others have.
        "intermediate_size": INNER * 2 // 3, "cls_token_id": 101, "sep_token_id": 102, "bos_token_id": 101,
        "eos_token_id": 102}),
    "nomic_bert": (transformers.NomicBertConfig, SIZES | {
        "intermediate_size": INNER * 2 // 3, "max_position_embeddings": 512}),
    "gte": (transformers.GteConfig, SIZES | {
        "intermediate_size": INNER * 2 // 3, "max_position_embeddings": 512, "type_vocab_size": 2}),
    "jina_embeddings_v3": (transformers.JinaEmbeddingsV3Config, SIZES | {
        "max_position_embeddings": 512, "type_vocab_size": 2}),
    "eurobert": (transformers.EuroBertConfig, SIZES | {
        "intermediate_size": INNER * 2 // 3, "max_position_embeddings": 512, "bos_token_id": 101, "eos_token_id": 102,
        "mask_token_id": 103}),
}


def main():
    minilm, folder, *wanted = sys.argv[1:]
    for name in wanted or FAMILIES:
        kind, sizes = FAMILIES[name]
        torch.manual_seed(1)
        target = pathlib.Path(folder, name)
        transformers.AutoModel.from_config(kind(**sizes)).save_pretrained(target)
        for file in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
            source = pathlib.Path(minilm, file)
            if source.exists():
                shutil.copy(source, target)


main()
