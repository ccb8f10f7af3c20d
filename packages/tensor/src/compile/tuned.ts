// The graph of a train step by the answers of a tuner: first its rewrites, then how what came of them is lowered.
import { REWRITES, type Decide } from '../rewrite/rewrite.ts';
import {
  loweringQuestions,
  partOf,
  rewriteKey,
  rewriteQuestion,
  type Choices,
  type Question,
} from '../tune/question.ts';
import type { Tuner } from '../tune/tuner.ts';
import { traceStep, type StepKind, type StepRecipe, type TracedStep } from './trace.ts';

export interface TunedStep extends TracedStep {
  readonly choices: Choices;
}

/** The graph of one step as {@link traceStep} gives it, decided by `tuner` where one is given. */
export async function traceTuned(
  recipe: StepRecipe,
  size: number,
  kind: StepKind,
  tuner: Tuner | undefined,
): Promise<TunedStep> {
  if (tuner === undefined) return { ...traceStep(recipe, size, kind), choices: new Map() };
  const questions = new Map<string, Question>();
  traceStep(recipe, size, kind, asking(questions));
  const rewrites = await tuner.answer([...questions.values()]);
  const traced = traceStep(recipe, size, kind, decidedBy(rewrites));
  return { ...traced, choices: await tuner.answer(loweringQuestions(Object.values(traced.outputs))) };
}

/** Decides as shapes do, and notes what there was to decide. */
const asking =
  (questions: Map<string, Question>): Decide =>
  (name, tensor, { pays }) => {
    const part = partOf(tensor);
    const key = rewriteKey(name, part);
    if (!questions.has(key))
      questions.set(key, rewriteQuestion(key, name, part, REWRITES[name](part)!.better, pays));
    return pays;
  };

const decidedBy =
  (choices: Choices): Decide =>
  (name, tensor, { pays }) => {
    const answer = choices.get(rewriteKey(name, partOf(tensor)));
    return answer === undefined ? pays : answer === name;
  };
